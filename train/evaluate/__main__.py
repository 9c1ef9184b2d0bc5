"""`python -m train.evaluate`."""

from train.evaluate.command import main

if __name__ == "__main__":
    raise SystemExit(main())
