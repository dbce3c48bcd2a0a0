"""Long work: a job with progress that can be watched and cancelled."""
