"""The rules of the consortium: roles, parameters, policies, and who may connect."""
