"""A file of tensors that changes while it is in use."""

import subprocess
import sys

SCRIPT = """
import sys
from pathlib import Path
import torch
from dgvae.files.tensors import read_safetensors, write_safetensors
path = Path(sys.argv[1])
write_safetensors(path, {"z": torch.ones(100_000)})
z = read_safetensors(path)["z"]
path.write_bytes(b"")
print(float(z.sum()))
"""


def test_a_file_that_is_cut_off_after_it_was_read_harms_nobody(tmp_path):
    ran = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path / "z.safetensors")], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "100000.0\n"), ran.stderr
