"""Put the figures of finished runs into docs/study.csv, one row each.

    python -m tests.docs.study FOLDER …

A run is named by its folder below FOLDER, such as heal-vmf/mdg-vmf-vae for runs/heal-vmf/mdg-vmf-vae below runs. Rows of other
runs stay as they are.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from dgvae.evaluation.record import Record

CSV = Path(__file__).parents[2] / "docs/study.csv"
NATS, SHARE, WHOLE, DIGITS = ".3f", ".4f", ".0f", ".4g"
FORMATS = {
    "reconstruction": NATS, "kl": NATS, "mi": NATS, "elbo": NATS, "informative_units": WHOLE, "smoothed_gap": NATS,
    "hole_mass": SHARE, "auc": SHARE, "prior_ll": NATS, "post_ll": NATS, "forward_perplexity": DIGITS,
    "reverse_perplexity": DIGITS,
}  # fmt: skip
COLUMNS = ["run", "corpus", "seed", "epochs", *FORMATS]


def row_of(name: str, record: Record) -> dict[str, str]:
    """A run's row."""
    figures = {figure: f"{record.figures[figure].value:{how}}" for figure, how in FORMATS.items() if figure in record.figures}
    training = {key: str(record.training[key]) for key in ("seed", "epochs")}
    return {"run": name, "corpus": record.corpus, **training} | figures


def main() -> None:
    """Read the runs and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+")
    with CSV.open(newline="") as file:
        rows = {row["run"]: row for row in csv.DictReader(file)}
    for folder in parser.parse_args().folders:
        for path in sorted(folder.rglob("metrics.json")):
            record = Record.load(path.parent)
            if record.training.get("finished"):
                name = path.parent.relative_to(folder).as_posix()
                rows[name] = row_of(name, record)
                print(name)
    with CSV.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


if __name__ == "__main__":
    main()
