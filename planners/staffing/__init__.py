"""Staffing: how many units a load of calls needs."""
