"""Every bound of the protocol and of this client, by name, in one place.

The first part is the table "Bounds" of docs/protocol.md, held against it by a test; the second is
this client's own.
"""

from __future__ import annotations

# --- of the protocol ------------------------------------------------------------------------------

FRAME_BYTES_MAX = 1_048_576
COMMANDS_PER_FRAME_MAX = 8_190
TAIL_BYTES_MAX = 8_192
PARTICULARS_BYTES_MAX = 4_096
NOTE_BYTES_MAX = 512
KEY_BYTES_MAX = 256
DIVISION_NAME_BYTES_MAX = 120
PAPER_BYTES_MAX = 8_192
FILED_BYTES_MAX = 24_576
STAGED_BYTES_MAX = 16_777_216
OPEN_STAGED_BYTES_MAX = 67_108_864
LINKED_RUN_COMMANDS_MAX = 256
FIGURES_MAX = 4
AMOUNT_FEN_MAX = 9_007_199_254_740_991
LOOK_UPS_PER_FRAME_MAX = 256
ANSWER_BYTES_MAX = 4_000
EVENT_FILTER_NAMES_MAX = 32
EVENT_NAME_BYTES_MAX = 32
MESSAGE_TEXT_BYTES_MAX = 1_024
CLIENT_NAME_BYTES_MAX = 40
BUDGET_MS_MAX = 86_400_000
HELLO_WAIT_MS = 5_000
FRAME_WAIT_MS = 30_000
HEARTBEAT_MS = 10_000
WINDOW_COMMANDS_MAX = 65_536
WINDOW_BYTES_MAX = 16_777_216
JSON_LINE_BYTES_MAX = 262_144
JSON_COMMANDS_PER_LINE_MAX = 256
JSON_LOOK_UPS_PER_LINE_MAX = 256
DIRECTORY_PAGE_ITEMS_MAX = 500
DIRECTORY_ROWS_BYTES_MAX = 262_144
ROW_KEY_BYTES_MAX = 4_096
DIRECTORY_WAIT_MS_MAX = 10_000
DIRECTORY_TEXT_BYTES_MAX = 256
REPORT_FILTER_BYTES_MAX = 32

# --- sizes that the tables of the protocol fix ----------------------------------------------------

HELLO_BYTES = 64
HEADER_BYTES = 32
COMMAND_BYTES = 128
PROLOGUE_BYTES = 16
RESULT_BYTES = 24
FIGURE_BYTES = 18
LOOK_UP_BYTES = 32
ANSWER_HEADER_BYTES = 8
CURSOR_BYTES = 48
CONTINUATION_BYTES = 24
RECORD_HEADER_BYTES = 24
CLASS_CHARS_MAX = 8
U16_MAX = 0xFFFF
U32_MAX = 0xFFFF_FFFF
U64_MAX = 0xFFFF_FFFF_FFFF_FFFF
YEAR_MIN = 2_000
YEAR_MAX = 2_255
QUOTA_SERIAL_MAX = (1 << 40) - 1

# --- of this client -------------------------------------------------------------------------------

#: How long a call may last, repeats included, unless it is told otherwise.
CALL_DEADLINE_S = 10.0
#: The longest deadline of a call: the longest budget of a frame.
CALL_DEADLINE_S_MAX = BUDGET_MS_MAX / 1_000
#: Commands, linked runs and questions that wait inside a client; a call beyond it waits its turn.
QUEUE_MAX = 16_384
#: How long one question to the directory waits there, unless it is told otherwise; it is asked again by
#: itself as long as its call may last.
DIRECTORY_WAIT_MS = 1_000
#: First and longest pause before the same is sent again, or a connection is made again.
BACKOFF_MS_MIN = 5
BACKOFF_MS_MAX = 2_000
#: After so many heartbeats of silence the connection is given up.
HEARTBEATS_OF_SILENCE_MAX = 4
#: How much is read from a socket at once.
READ_BYTES = 262_144
#: How long a close waits for the other side's goodbye.
GOODBYE_WAIT_S = 2.0
#: Connections that may fail in a row before a subscription gives up, when it resumes by itself.
RESUMES_IN_A_ROW_MAX = 16
