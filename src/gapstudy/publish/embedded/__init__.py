"""The renderer for machines without Quarto: a closed, documented subset, or an error with its line.

Jupyter executes the cells and pandoc converts. Sphinx with MyST-NB was tried on the pages `index`
and `methods` and left: every cell was an unknown directive, and all inline cells (26), citations
(24), equation labels, callouts and links between pages came out as plain text, so each construct of
Quarto would have to be rewritten into MyST first. pandoc reads Quarto's own Markdown, being what
Quarto is made of. What it lacks, numbered cross references and callouts, is one pass over its
syntax tree (`document`).

The subset is described in docs/renderer.md. Modules, in the order of their use: `settings` (YAML
with lines), `project` (_quarto.yml), `source` (a .qmd file), `execute` (Jupyter), `document`
(pandoc's tree), `layout` (the page around it), `build` (all pages).
"""
