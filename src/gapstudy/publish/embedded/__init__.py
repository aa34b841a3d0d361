"""The renderer for machines without Quarto: a closed, documented subset, or an error with its line.

Jupyter executes the cells and pandoc converts. Sphinx with MyST-NB was tried on two pages and left:
it has directives of its own for figures, tables, callouts and cross references, so every Quarto
construct would have to be rewritten into MyST text first, while pandoc reads Quarto's own Markdown
(fenced divs, attributes, citations, maths) because Quarto is pandoc underneath. What pandoc lacks,
numbered cross references and callouts, is one pass over its syntax tree (`document`).

The subset is described in docs/renderer.md. Modules, in the order of their use: `settings` (YAML
with lines), `project` (_quarto.yml), `source` (a .qmd file), `execute` (Jupyter), `document`
(pandoc's tree), `layout` (the page around it), `build` (all pages).
"""
