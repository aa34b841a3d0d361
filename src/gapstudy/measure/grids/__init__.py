"""The specification curves of all headlines: the choices of each, and its estimate under every one.

What is done here is choosing; every estimate comes from the module that makes the headline, so that
the headline's own choices give the headline's own number.
"""
