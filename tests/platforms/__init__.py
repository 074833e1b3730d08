"""Configurations of real platforms, made from what their vendors document."""
