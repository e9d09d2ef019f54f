-- The console's conversations. Bodies are JSON text on both engines, kept byte for byte.

CREATE TABLE chat_message (
    id BLOB NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    thread BLOB,
    author TEXT NOT NULL,
    only_for TEXT,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    token BLOB NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_message_place ON chat_message (channel, thread, id);
CREATE INDEX chat_message_thread ON chat_message (thread, id);

CREATE TABLE chat_file (
    message BLOB NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (message, position)
) STRICT;

-- The channel itself is the thread of nil.
CREATE TABLE chat_read (
    person TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread BLOB NOT NULL,
    up_to BLOB NOT NULL,
    PRIMARY KEY (person, channel, thread)
) STRICT;
