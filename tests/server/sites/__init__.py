"""How each source answers, one file a source; found by scanning this folder."""
