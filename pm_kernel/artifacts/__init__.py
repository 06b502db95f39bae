"""The run store on disk: the only writer under .runs/."""
