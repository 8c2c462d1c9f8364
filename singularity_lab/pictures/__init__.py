"""One plotting function per object. Matplotlib is imported when one is called."""
