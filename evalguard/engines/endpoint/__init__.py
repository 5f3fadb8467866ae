"""The endpoint engine: any OpenAI-compatible server.

``options`` says where the server is, ``requests`` what it is sent, ``encoder`` as which tokens,
``client`` sends it and waits, ``replies`` reads what comes back, ``likelihoods`` the
log-probabilities in it, ``listing`` the server's models; ``witness`` proves who answers, by the
statistics of ``identity``; and ``engine`` puts them together.
"""
