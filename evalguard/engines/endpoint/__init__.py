"""The endpoint engine: any OpenAI-compatible server.

``options`` says where the server is, ``requests`` what it is sent, ``client`` sends it and waits,
``replies`` reads what comes back, ``likelihoods`` the log-probabilities in it, ``identity`` proves
who answers, and ``engine`` puts them together.
"""
