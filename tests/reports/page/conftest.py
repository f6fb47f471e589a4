"""Tests here import the factory of reports beside this folder, and each other's worlds."""
