"""Files that browsers load from us: nothing comes from anywhere else."""
