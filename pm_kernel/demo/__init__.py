"""What the demo workspace is made of, apart from its methods."""
