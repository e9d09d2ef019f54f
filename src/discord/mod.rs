//! Discord, through serenity: the only place that knows that platform.
