"""The web app: one file per tab, the charts, the bridge that draws them, and the theme."""
