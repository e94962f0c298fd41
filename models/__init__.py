"""The estimators that ship with evalkit, one file a family; installed as ``evalkit.models``."""

if __name__ == "models":
    raise ImportError("the estimators are imported as 'evalkit.models', never as 'models'")
