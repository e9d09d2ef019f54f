//! A Freshdesk account over real HTTP on loopback, with a model behind it.
