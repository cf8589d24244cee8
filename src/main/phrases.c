/* See phrases.h. test/scenario/words.py holds the table against the sources of decode/ and ingest/.
 */
#include "main/phrases.h"

#include "base/base.h"
#include "base/lang.h"

static const struct {
        const char *en, *vi;
} phrases[] = {
        {"a member behind a list of records was not judged",
         "một phần tử sau danh sách bản ghi không được xét"},
        {"packed by lz4, which is not read: unpack it first",
         "nén bằng lz4, không đọc được: hãy giải nén trước"},
        {"record longer than 256 KiB: its end was not read",
         "bản ghi dài hơn 256 KiB: phần cuối không được đọc"},
        {"zstd window larger than 32 MiB (--long, --ultra): unpack it first",
         "cửa sổ zstd lớn hơn 32 MiB (--long, --ultra): hãy giải nén trước"},
        {"a 7z archive, which is not read: unpack it first",
         "tệp 7z, không đọc được: hãy giải nén trước"},
        {"invalid UTF-8", "UTF-8 không hợp lệ"},
        {"a binary journal: read it with journalctl -o export",
         "journal nhị phân: hãy đọc bằng journalctl -o export"},
        {"a database, not a log", "cơ sở dữ liệu, không phải nhật ký"},
        {"a packet capture, not a log", "tệp bắt gói tin, không phải nhật ký"},
        {"a program, not a log", "tệp chương trình, không phải nhật ký"},
        {"a registry hive, not a log", "tổ registry, không phải nhật ký"},
        {"a tar archive, which is not read: unpack it first",
         "tệp tar, không đọc được: hãy giải nén trước"},
        {"a zip archive, which is not read: unpack it first",
         "tệp zip, không đọc được: hãy giải nén trước"},
        {"an event log of Windows before Vista, which is not read",
         "nhật ký sự kiện trước Windows Vista, không đọc được"},
        {"attribute name cannot be read", "không đọc được tên thuộc tính"},
        {"binary XML ends within an element", "XML nhị phân kết thúc giữa phần tử"},
        {"binary XML nested too deep", "XML nhị phân lồng quá sâu"},
        {"binary data, not a log that is read here",
         "dữ liệu nhị phân, không phải nhật ký đọc được ở đây"},
        {"chunk header is missing; its records were searched for",
         "thiếu phần đầu khối; đã dò tìm các bản ghi của nó"},
        {"chunk header's checksum differs", "mã kiểm của phần đầu khối không khớp"},
        {"chunk is cut short", "khối bị cắt ngắn"},
        {"chunk names an end that cannot be", "khối ghi điểm cuối không thể có"},
        {"record too long or of too many fields: its end was not judged",
         "bản ghi quá dài hoặc quá nhiều trường: phần cuối chưa được xét"},
        {"a block of zeros", "một khối toàn số không"},
        {"chunk's checksum differs", "mã kiểm của khối không khớp"},
        {"control character in a string", "ký tự điều khiển trong chuỗi"},
        {"damaged gzip data", "dữ liệu gzip bị hỏng"},
        {"damaged journal entry", "mục journal bị hỏng"},
        {"damaged zstd data", "dữ liệu zstd bị hỏng"},
        {"element name cannot be read", "không đọc được tên phần tử"},
        {"elements nested too deep", "phần tử lồng quá sâu"},
        {"file header is damaged", "phần đầu tệp bị hỏng"},
        {"file header's checksum differs", "mã kiểm của phần đầu tệp không khớp"},
        {"file is cut short", "tệp bị cắt ngắn"},
        {"gzip checksum or length differs", "mã kiểm hoặc độ dài gzip không khớp"},
        {"half of a surrogate pair in a string", "chỉ có nửa cặp surrogate trong chuỗi"},
        {"invalid escape in a string", "ký hiệu thoát sai trong chuỗi"},
        {"invalid string", "chuỗi không hợp lệ"},
        {"more templates than a chunk can hold", "nhiều khuôn mẫu hơn một khối có thể chứa"},
        {"more values than a record can hold", "nhiều giá trị hơn một bản ghi có thể chứa"},
        {"nested too deep", "lồng quá sâu"},
        {"newline in a string", "xuống dòng trong chuỗi"},
        {"no colon after a key", "thiếu dấu hai chấm sau khóa"},
        {"no comma in an array", "thiếu dấu phẩy trong mảng"},
        {"no comma in an object", "thiếu dấu phẩy trong đối tượng"},
        {"no decoder for this format", "chưa có bộ giải mã cho dạng này"},
        {"no key after a comma", "thiếu khóa sau dấu phẩy"},
        {"no key in an object", "thiếu khóa trong đối tượng"},
        {"no memory to read it", "không đủ bộ nhớ để đọc"},
        {"no record where one should be", "không có bản ghi ở nơi phải có"},
        {"not JSON", "không phải JSON"},
        {"not a chunk of an event log", "không phải khối của nhật ký sự kiện"},
        {"not a number", "không phải số"},
        {"not a value", "không phải giá trị"},
        {"not an audit record", "không phải bản ghi audit"},
        {"not an object", "không phải đối tượng JSON"},
        {"other data behind the end of the packed data", "có dữ liệu khác sau phần nén"},
        {"packed by bzip2, which is not read: unpack it first",
         "nén bằng bzip2, không đọc được: hãy giải nén trước"},
        {"packed by xz, which is not read: unpack it first",
         "nén bằng xz, không đọc được: hãy giải nén trước"},
        {"packed data ends early", "dữ liệu nén kết thúc sớm"},
        {"processing instruction is cut off", "chỉ thị xử lý bị cắt"},
        {"record expands beyond all bounds", "bản ghi nở ra quá mọi giới hạn"},
        {"record has no fields", "bản ghi không có trường nào"},
        {"record's size cannot be", "kích thước bản ghi không thể đúng"},
        {"records behind the end that the chunk names", "có bản ghi sau điểm cuối mà khối ghi"},
        {"template instance cannot be read", "không đọc được bản thể của khuôn mẫu"},
        {"template needs more memory than it may", "khuôn mẫu cần quá nhiều bộ nhớ"},
        {"templates cost more than a chunk may", "khuôn mẫu tốn quá mức cho một khối"},
        {"text in binary XML is cut off", "văn bản trong XML nhị phân bị cắt"},
        {"the record does not end", "bản ghi không có điểm kết thúc"},
        {"the record's template is missing", "thiếu khuôn mẫu của bản ghi"},
        {"the record's template is missing; one of the same id was used",
         "thiếu khuôn mẫu của bản ghi; đã dùng khuôn cùng mã"},
        {"unknown token in binary XML", "ký hiệu lạ trong XML nhị phân"},
        {"values reach beyond the record", "giá trị vượt ra ngoài bản ghi"},
        {"zstd checksum differs", "mã kiểm zstd không khớp"},
        {"zstd data that needs a dictionary", "dữ liệu zstd cần từ điển riêng"},
        /* backup */
        {"the copy holds blocks that the store does not have",
         "bản sao có những khối mà kho không có"},
        {"the copy is of another store", "bản sao thuộc về một kho khác"},
        {"the store loses days faster than they are copied",
         "kho xóa các ngày cũ nhanh hơn tốc độ sao chép"},
};

const char *phrase(const char *english) {
        if (lang_current != LANG_VI)
                return english;
        for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
                if (strcmp(phrases[i].en, english) == 0)
                        return phrases[i].vi;
        return english;
}

/* Those that people meet; anything else is the C library's English. */
static const struct {
        int error;
        const char *vi;
} errors[] = {
        {-ENOENT, "không có tệp hoặc thư mục này"},
        {-EACCES, "không có quyền đọc hoặc ghi"},
        {-EPERM, "không được phép"},
        {-EISDIR, "là thư mục"},
        {-ENOTDIR, "không phải thư mục"},
        {-EEXIST, "đã tồn tại"},
        {-ENOTEMPTY, "thư mục không rỗng"},
        {-ENOSPC, "đĩa đã đầy"},
        {-EDQUOT, "hết hạn mức đĩa"},
        {-EROFS, "hệ thống tệp chỉ cho đọc"},
        {-EIO, "lỗi đọc ghi của thiết bị"},
        {-EPIPE, "bên nhận đã đóng"},
        {-ELOOP, "quá nhiều liên kết hoặc thư mục lồng nhau"},
        {-ENAMETOOLONG, "tên quá dài"},
        {-EMFILE, "mở quá nhiều tệp"},
        {-ENOMEM, "hết bộ nhớ"},
        {-EFBIG, "tệp quá lớn"},
        {-ENXIO, "không có thiết bị này"},
};

const char *where_else(void) {
        return tr(
                "Is the node's directory another one? Name it: --directory DIR (that of ./dev run: "
                "build/node), or -c CONFIG.\n",
                "Nút ở thư mục khác? Hãy ghi: --directory THƯ-MỤC (của ./dev run: build/node), "
                "hoặc -c CẤU-HÌNH.\n");
}

const char *error_text(int error) {
        for (size_t i = 0; lang_current == LANG_VI && i < ARRAY_LEN(errors); i++)
                if (errors[i].error == error)
                        return errors[i].vi;
        return strerror(-error);
}
