"""Quarto's pre-render script: draws the figures and writes the data that the pages embed."""

from gapstudy.publish.assets import main

main()
