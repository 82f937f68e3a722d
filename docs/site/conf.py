# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's settings for `make site`. Nothing in them is asked of the network."""

project = 'hardened.docker'
author = 'The hardened.docker maintainers'
copyright = author  # pylint: disable=redefined-builtin

extensions = ['myst_parser', 'sphinx_antsibull_ext']
source_suffix = {'.rst': 'restructuredtext', '.md': 'markdown'}
exclude_patterns = ['LICENSE*']
myst_heading_anchors = 3
# Links in pages are those of the repository; what is no page of the site stays code.
suppress_warnings = ['myst.xref_missing', 'myst.header', 'ref.ref', 'toc.not_included']
pygments_style = 'ansible'
highlight_language = 'text'

html_theme = 'alabaster'
html_theme_options = {'description': 'Docker Engine hosts, hardened, without Python on them', 'page_width': '70rem', 'sidebar_width': '17rem', 'show_powered_by': False}
html_static_path = ['_static']
html_copy_source = False
html_show_sourcelink = False
