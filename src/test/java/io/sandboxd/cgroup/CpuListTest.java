package io.sandboxd.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpuListTest {
  @ParameterizedTest
  @CsvSource({"'0-1,3','0-1,3'", "'3,1,2','1-3'", "'5',5", "'0-0\n',0", "'',''"})
  void cpuListsAreReadAndWritten(String text, String formatted) {
    assertEquals(formatted, CpuList.format(CpuList.parse(text)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "1-", "-1", "3-1", "1,,2", "1,", "0-123456", "0-10:2/4", "1 2"})
  void whatIsNoCpuListIsNull(String text) {
    assertNull(CpuList.parse(text));
  }
}
