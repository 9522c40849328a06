"""Papers in the layout of Decree 30/2020/NĐ-CP: set in type as PDF, or given as .docx to be edited."""
