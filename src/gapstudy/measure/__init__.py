"""One estimand or model a file: frames and arrays in, frames and arrays out.

Only `run.py` reads and writes tables. The methods page is built from the docstrings here.
"""
