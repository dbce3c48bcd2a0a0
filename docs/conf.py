"""Configuration of the documentation."""

project = "xunge"
author = "the xunge authors"
copyright = "2026, the xunge authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "xunge 巡格"
html_static_path: list[str] = []
exclude_patterns = ["_build"]
suppress_warnings: list[str] = []
