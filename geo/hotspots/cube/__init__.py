"""The cube: one columnar index of calls by cell, hour, family and source, from which every count and map comes."""
