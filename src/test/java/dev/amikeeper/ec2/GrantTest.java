package dev.amikeeper.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Whom EC2 refuses is found, and the others get it. */
final class GrantTest {
    private static final List<String> THOUSAND =
            IntStream.range(0, 1000).mapToObj(i -> "%012d".formatted(i)).toList();

    private final Set<String> bad = new HashSet<>();
    private final Set<String> given = new HashSet<>();
    private final List<List<String>> calls = new ArrayList<>();

    @Test
    void takesOneCallWhereNobodyIsRefused() {
        assertThat(share(THOUSAND).refused()).isEmpty();
        assertThat(calls).hasSize(1);
        assertThat(share(List.of())).isEqualTo(share(List.of()));
        assertThat(calls).hasSize(1);
    }

    @Test
    void findsOneAmongAThousandInSomeTwentyCalls() {
        bad.add("000000000777");

        Grant grant = share(THOUSAND);

        assertThat(grant.isDecided()).isTrue();
        assertThat(grant.refused()).containsOnlyKeys("000000000777");
        assertThat(given).hasSize(999).doesNotContain("000000000777");
        assertThat(calls).hasSizeLessThan(25);
    }

    @Test
    void leavesTheRestForTheNextTryWhereManyAreRefused() {
        bad.addAll(THOUSAND.subList(0, 500));
        List<String> left = new ArrayList<>(THOUSAND);

        Grant grant = share(left);
        assertThat(grant.isDecided()).isFalse();
        assertThat(calls).hasSize(Grant.CALLS);
        int tries = 1;
        while (!grant.isDecided()) {
            left.removeAll(grant.refused().keySet());
            grant = share(left);
            tries++;
        }

        assertThat(given).containsExactlyInAnyOrderElementsOf(THOUSAND.subList(500, 1000));
        assertThat(tries).isLessThan(40);
    }

    @Test
    void stopsAtATroubleThatIsNotAboutSomebody() {
        Grant grant =
                Grant.of(
                        THOUSAND,
                        some -> {
                            calls.add(some);
                            throw error("UnauthorizedOperation");
                        });

        assertThat(grant.trouble()).hasValueSatisfying(why -> assertThat(why).contains("Unauth"));
        assertThat(grant.refused()).isEmpty();
        assertThat(calls).hasSize(1);
    }

    private Grant share(List<String> with) {
        return Grant.of(
                with,
                some -> {
                    calls.add(some);
                    if (some.stream().anyMatch(bad::contains)) {
                        throw error("InvalidAMIAttributeItemValue");
                    }
                    given.addAll(some);
                });
    }

    private static Ec2Exception error(String code) {
        return (Ec2Exception)
                Ec2Exception.builder()
                        .statusCode(400)
                        .awsErrorDetails(
                                AwsErrorDetails.builder()
                                        .errorCode(code)
                                        .errorMessage("no")
                                        .build())
                        .build();
    }
}
