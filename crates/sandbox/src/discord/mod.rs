//! Discord, as the bot sees it: REST and gateway on loopback, with a model behind them.
