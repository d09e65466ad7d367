"""Formats of exported generators, and the comparison of exported files with Keras."""

from kgan.exports.comparison import Comparison as Comparison
from kgan.exports.comparison import compare as compare
from kgan.exports.formats import FORMATS as FORMATS
from kgan.exports.formats import Format as Format
from kgan.exports.formats import get as get
from kgan.exports.inputs import argument as argument
from kgan.exports.inputs import signature as signature
from kgan.exports.reasons import reason as reason
from kgan.exports.record import companion as companion
from kgan.exports.record import read_record as read_record
from kgan.exports.record import write_record as write_record
from kgan.exports.saved_model import Sampling as Sampling
from kgan.exports.saved_model import write_saved_model as write_saved_model
