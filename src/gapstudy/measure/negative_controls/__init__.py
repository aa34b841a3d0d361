"""Negative controls: questions whose answer is known to be no, put to the study's own estimators.

Where regions are dealt out at random, or the outcome is a character of a result that no region can
move, a sound method finds nothing but for its error rate. Lipsitch, Tchetgen Tchetgen and Cohen
(2010), https://doi.org/10.1097/EDE.0b013e3181d61eeb.
"""
