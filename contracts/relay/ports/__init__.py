"""What packets carry: one module for each application, and the table of all of them."""
