//! Escalations: who gets one, who is on shift, and how it climbs until somebody has it.
