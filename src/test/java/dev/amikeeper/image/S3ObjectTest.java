package dev.amikeeper.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class S3ObjectTest {
    @Test
    void isReadAsItIsWritten() {
        S3Object object = S3Object.of("archive", new ImageId("ami-1"));

        assertThat(object.toString()).isEqualTo("s3://archive/ami-1.bin");
        assertThat(S3Object.parse("s3://archive/ami-1.bin")).isEqualTo(object);
        assertThat(object.image()).isEqualTo(new ImageId("ami-1"));
    }

    @Test
    void mayBeCopiedElsewhere() {
        assertThat(S3Object.parse("s3://other/year/2026/ami-1.bin").image())
                .isEqualTo(new ImageId("ami-1"));
    }

    @ParameterizedTest
    @CsvSource({
        "archive/ami-1.bin, not an object in S3",
        "s3://archive, not an object in S3",
        "s3:///ami-1.bin, not a bucket's name",
        "s3://My_Bucket/ami-1.bin, not a bucket's name",
        "s3://a..b/ami-1.bin, not a bucket's name",
        "s3://ab/ami-1.bin, not a bucket's name",
        "s3://archive/ami-1.bin.txt, not a stored image",
        "s3://archive/xami-1.bin, not a stored image",
        "s3://archive/, not a stored image"
    })
    void anythingElseIsNone(String text, String why) {
        assertThatThrownBy(() -> S3Object.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
