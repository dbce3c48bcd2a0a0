"""What people see: pages, map layers, legends. Values in, HTML out."""
