"""Try the package as it was installed into a folder, without the repository: python -P tests/wheel.py FOLDER"""

from __future__ import annotations

import sys
from pathlib import Path

site = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(site))

import torch  # noqa: E402

import dgvae  # noqa: E402

assert Path(dgvae.__file__).is_relative_to(site), dgvae.__file__
assert {path.name for path in site.iterdir() if path.is_dir() and not path.name.endswith(".dist-info")} == {"dgvae"}
assert (site / "dgvae" / "py.typed").is_file()
assert list((site / "dgvae" / "ui").glob("*.js")), "the page's scripts are missing"

mean, log_var = torch.randn(128, 8, requires_grad=True), torch.zeros(128, 8, requires_grad=True)
posterior = dgvae.DiagonalGaussian(mean, log_var)
loss = dgvae.MemoryDensityGap(latent_dim=8, memory_size=1024)(posterior, posterior.rsample())
loss.backward()
assert torch.isfinite(loss)
print(f"dgvae {dgvae.__version__} works where it is installed alone")
