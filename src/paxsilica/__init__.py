"""Plan which plants an alliance should pay for, so that every stage from ore to AI server has a source that cannot be switched off."""

__version__ = "0.1.0"
