"""What research, patents and products talk about: six themes, found by words, checked by labels.

The unit is the sentence. `lexicon` holds the words, `annotate` finds them in one text, `quality`
says how well by sentences that were labelled by hand, `correct` takes the known errors out of the
shares, `estimates` and `tables` give the results. The guide by which sentences were labelled and
the limits of all this are in docs/language.md.
"""

from __future__ import annotations

#: The themes, in the order of all tables.
THEMES = ("metrics", "customers", "law_ethics", "scaling", "monitoring", "governance")
#: Kinds of text: title and abstract of papers and patents, descriptions of products.
KINDS = ("paper", "patent", "product")
