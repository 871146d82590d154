"""Failing rows set apart from good ones, by the predicates that counted them."""
