-- The console's conversations. Bodies are JSON text on both engines, kept byte for byte.

CREATE TABLE chat_message (
    id UUID NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    thread UUID,
    author TEXT NOT NULL,
    only_for TEXT,
    at TIMESTAMPTZ NOT NULL,
    body TEXT NOT NULL,
    token UUID NOT NULL UNIQUE
);

CREATE INDEX chat_message_place ON chat_message (channel, thread, id);
CREATE INDEX chat_message_thread ON chat_message (thread, id);

CREATE TABLE chat_file (
    message UUID NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (message, position)
);

-- The channel itself is the thread of nil.
CREATE TABLE chat_read (
    person TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread UUID NOT NULL,
    up_to UUID NOT NULL,
    PRIMARY KEY (person, channel, thread)
);
