"""Ask a running app: the same draws from the prior through two models, with the density gap of each.

python app.py &
python docs/client.py http://127.0.0.1:7860
"""

import sys

from gradio_client import Client


def main(address: str) -> None:
    """Print three samples of the first and the last model of the app."""
    client = Client(address, verbose=False)
    models = [model["name"] for model in client.predict(api_name="/models")]
    for model in (models[0], models[-1]):
        print(model)
        for sample in client.predict(model, 3, 1, api_name="/sample"):
            gap = "n/a" if sample["density_gap"] is None else f"{sample['density_gap']:+.1f}"
            print(f"  {gap:>7}  {sample['text']}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
