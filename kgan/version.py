"""The version of kgan, and the versions of the packages that kgan computes with."""

import sys

# `setup.cfg` reads this line without importing the package, so it must stay a literal.
__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """Returns the versions of all packages that a result may depend on.

    Run folders and metric results record these versions.

    Returns:
        Dict with the keys `backend` (name and version, for example `"jax 0.7.0"`),
        `kgan`, `keras`, `numpy` and `pillow`.
    """
    # Imported here, so that `kgan --version` does not wait for Keras.
    import keras
    import numpy
    import PIL

    backend = keras.backend.backend()
    return {
        # Keras has imported the module of its backend. The name of the installed package
        # is not known: TensorFlow has several.
        "backend": f"{backend} {sys.modules[backend].__version__}",
        "kgan": __version__,
        "keras": keras.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
    }
