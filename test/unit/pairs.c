/* decode/cef, leef, kv, text. */
#include "check.h"

#include "dump.h"

static void cef(void) {
        check_dump(
                FORMAT_CEF,
                "CEF:0|Acme\\|Co|Gate|1.0|100|trojan \\\\ stopped|10|src=10.0.0.1 msg=two words "
                "a\\=b end\\n. "
                "cs1=x y cs1Label=Rule Name dpt=80 request=http://h/?a=b&c=d empty= last=z  \n",
                "CEFVersion=0|DeviceVendor=Acme|Co|DeviceProduct=Gate|DeviceVersion=1.0|"
                "DeviceEventClassID=100|"
                "Name=trojan \\ stopped|Severity=10|src=10.0.0.1|msg=two words a=b end\n.|cs1=x y|"
                "cs1Label=Rule Name|dpt=80|request=http://h/?a=b&c=d|empty=~|last=z|Rule Name=x "
                "y\n");
        check_dump(FORMAT_CEF, "<13>Sep 19 08:26:10 gate CEF:0|V|P|1|2|N|3|act=ok\n",
                   "hostname=gate|CEFVersion=0|DeviceVendor=V|DeviceProduct=P|DeviceVersion=1|"
                   "DeviceEventClassID=2|"
                   "Name=N|Severity=3|act=ok\n");
        check_time(FORMAT_CEF, "2026-01-02T03:04:05Z h CEF:0|V|P|1|2|N|3|x=1\n",
                   "2026-01-02T03:04:05.000000Z");
        check_time(FORMAT_CEF,
                   "2026-01-02T03:04:05Z h CEF:0|V|P|1|2|N|3|end=Jan 01 2020 00:00:00 "
                   "rt=1577836800123\n",
                   "2020-01-01T00:00:00.123000Z");
        check_dump(FORMAT_CEF, "CEF:0|V|P\n", "CEFVersion=0|DeviceVendor=V|DeviceProduct=P\n");
        check_dump(FORMAT_CEF, "stray\n", "message=stray\n");
        struct dump d = dump_text(FORMAT_CEF, SPAN("CEF:0|V|P|\n"));
        check_span(span_str(d.key1), "P");
        buf_deinit(&d.text);
}

static void leef(void) {
        check_dump(FORMAT_LEEF, "LEEF:1.0|V|P|1|evt|src=10.0.0.1\tmsg=a b = c\tn=\n",
                   "LEEFVersion=1.0|DeviceVendor=V|DeviceProduct=P|DeviceVersion=1|EventID=evt|src="
                   "10.0.0.1|"
                   "msg=a b = c|n=~\n");
        check_dump(FORMAT_LEEF, "LEEF:2.0|V|P|1|evt|^|a=1^b=2\nLEEF:2.0|V|P|1|evt|x7C|a=1|b=2\n",
                   "LEEFVersion=2.0|DeviceVendor=V|DeviceProduct=P|DeviceVersion=1|EventID=evt|a=1|"
                   "b=2\n"
                   "LEEFVersion=2.0|DeviceVendor=V|DeviceProduct=P|DeviceVersion=1|EventID=evt|a=1|"
                   "b=2\n");
        check_dump(FORMAT_LEEF, "Jan 18 11:07:53 10.1.1.1 LEEF:1.0|V|P|1|evt|a=1 2 b=3\n",
                   "hostname=10.1.1.1|LEEFVersion=1.0|DeviceVendor=V|DeviceProduct=P|DeviceVersion="
                   "1|EventID=evt|"
                   "a=1 2|b=3\n");
        check_time(FORMAT_LEEF, "LEEF:1.0|V|P|1|e|devTime=1577836800123\ta=b\n",
                   "2020-01-01T00:00:00.123000Z");
        check_time(FORMAT_LEEF, "LEEF:1.0|V|P|1|e|devTime=Jan 01 2020 00:00:01\ta=b\n",
                   "2020-01-01T00:00:01.000000Z");
}

static void kv(void) {
        check_dump(FORMAT_KV,
                   "time=\"2026-01-01T00:00:00Z\" level=info msg=\"say \\\"hi\\\" \\\\ now\" n=3 "
                   "e= q=\"\"\n",
                   "time=2026-01-01T00:00:00Z|level=info|msg=say \"hi\" \\ now|n=3|e=~|q=\n");
        check_dump(FORMAT_KV,
                   "<189>date=2026-01-01 devname=\"FG 1\" msg=free text here src=1.1.1.1\n",
                   "date=2026-01-01|devname=FG 1|msg=free text here|src=1.1.1.1\n");
        check_dump(FORMAT_KV, "[kernel] IN=eth0 OUT= DF PROTO=TCP SYN URGP=0\n",
                   "message=[kernel]|IN=eth0|OUT=~|DF=~|PROTO=TCP|SYN=~|URGP=0\n");
        check_dump(FORMAT_KV, "a=1, b=\"x\", c=y=z\n", "a=1|b=x|c=y=z\n");
        check_time(FORMAT_KV, "t=2026-01-02T03:04:05+0100 lvl=info\n",
                   "2026-01-02T02:04:05.000000Z");
        check_dump(FORMAT_KV, "a=\"open\\\n", "a=open\\\n");
}

static void text(void) {
        check_dump(FORMAT_TEXT, "one\n\n two\r\n", "message=one\nmessage= two\n");
        check_time(FORMAT_TEXT, "2026-01-02 03:04:05,123 INFO x\n", "2026-01-02T03:04:05.123000Z");
        check_time(FORMAT_TEXT, "no time\n", "none");
}

int main(void) {
        RUN(cef);
        RUN(leef);
        RUN(kv);
        RUN(text);
        return check_done();
}
