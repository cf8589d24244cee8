/* What the press is asked for: one JSON object, all texts in the document's language.
 *
 *   {"format": "pdf" | "docx", "lang": "vi", "made": "2026-11-23T07:00:00Z",
 *    "agency": ["SỞ Y TẾ", "BỆNH VIỆN A"], "state": "CỘNG HÒA …", "motto": "Độc lập …",
 *    "number": "Số: …", "place": "…, ngày … tháng … năm …", "handling": "TLP:AMBER", "mark": "DỰ THẢO",
 *    "title": "Báo cáo ban đầu", "subtitle": "…", "to": ["Kính gửi:", "cơ quan …"],
 *    "columns": ["STT", "Nội dung", "Thông tin"], "rows": [["Đơn vị", "…", must be there and is not (bool)]],
 *         a row whose text is null begins a part: its words go over all columns, and numbers begin anew
 *    "notes": ["…"], "signers": [["NGƯỜI KÝ", "đã ký lúc …", "Họ tên"]],
 *    "copies_title": "Nơi nhận:", "copies": ["- …"], "seal": ["CHỮ KÝ SỐ", "(…)"], "foot": "BC-2026-0001 …"}
 *
 *
 * A figure of what happened when stands before the rows, where there is one: "figure": {"title": "…", "scale":
 * ["0:00", …, "1:20:00"], "legend": ["played", "seen", "answered"], "lanes": [["1. …", 125, 250, -1, false], …]}: each
 * lane's three moments in thousandths of its length (-1: never), and whether it is quiet (drawn grey).
 *
 * Agencies and title are shown in capitals, whom it is for with one. Lists and texts are bounded; what is missing is empty. Characters that none of our fonts has (and those
 * that say nothing: controls, directions) become U+XXXX, so that nothing is silently lost. */
#ifndef PRESS_DOCUMENT_H
#define PRESS_DOCUMENT_H

#include "base/arena.h"
#include "base/buf.h"

#define DOCUMENT_ROWS 128u
#define DOCUMENT_LINES 32u
#define DOCUMENT_TEXT_MAX 100000u

struct document_row {
        struct span label, value;
        bool missing, part;
};
struct document_signer {
        struct span role, note, name;
};
#define DOCUMENT_LANES 60u
#define DOCUMENT_SCALE 8u
struct document_lane {
        struct span label;
        int at[3]; /* 0 … 1000; -1 */
        bool quiet;
};
struct document {
        struct span format, lang, made, state, motto, number, place, handling, mark, title,
                subtitle, copies_title, foot;
        struct span agency[2], to[2], columns[3], seal[2];
        struct document_row rows[DOCUMENT_ROWS];
        struct span notes[DOCUMENT_LINES], copies[DOCUMENT_LINES];
        struct document_signer signers[8];
        struct span figure, scale[DOCUMENT_SCALE], legend[3];
        struct document_lane lanes[DOCUMENT_LANES];
        unsigned n_rows, n_notes, n_copies, n_signers, n_lanes, n_scale;
};

/* Texts are of the arena and end with a NUL. `covered`: whether the fonts have a character (NULL: all).
 * 0, -EBADMSG, -ENOMEM. */
int document_read(struct span json, struct arena *a, bool (*covered)(uint32_t c),
                  struct document *ret);

int document_pdf(const struct document *d, struct buf *out);
int document_docx(const struct document *d, struct buf *out);

#endif
