"""Paper: one document written as PDF, DOCX and XLSX, with maps and charts drawn without a browser."""
