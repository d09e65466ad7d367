"""Generators as programs that a browser can run, for the page of `kgan explore`."""

# Each of these modules registers the layers that it translates.
from kgan.cli.browser import activations as activations
from kgan.cli.browser import attention as attention
from kgan.cli.browser import convolutions as convolutions
from kgan.cli.browser import elementary as elementary
from kgan.cli.browser import normalization as normalization
from kgan.cli.browser import operations as operations
from kgan.cli.browser import resampling as resampling
from kgan.cli.browser import styles as styles
from kgan.cli.browser.graph import translate
from kgan.cli.browser.program import Program

__all__ = ["Program", "translate"]
