"""What stands below both arms: files that are whole or absent, limits of time, optional
libraries."""
