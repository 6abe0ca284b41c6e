"""Models on the Hugging Face hub, and in folders laid out like there."""
from huggingface_hub import PyTorchModelHubMixin
class OnHub(PyTorchModelHubMixin):
    """x"""
