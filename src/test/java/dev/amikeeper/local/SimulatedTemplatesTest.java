package dev.amikeeper.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsRequest;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.ec2.model.ImageReference;
import software.amazon.awssdk.services.ec2.model.ImageReferenceOptionName;
import software.amazon.awssdk.services.ec2.model.ImageReferenceResourceType;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateVersion;
import software.amazon.awssdk.services.ec2.model.ResourceTypeOption;
import software.amazon.awssdk.services.ec2.model.ResourceTypeRequest;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** What the conformance tests cannot ask of every EC2. */
final class SimulatedTemplatesTest {
    private final SimulatedCloud cloud =
            new SimulatedCloud(Instant.parse("2026-03-01T00:00:00Z"), 1);
    private final Ec2Client ec2 = cloud.ec2("us-east-1");
    private final String web = template("web", "ami-1");

    @Test
    void everyVersionIsDescribedUnlessSomeAreNamed() {
        addVersion("ami-2");
        addVersion("ami-3");

        assertThat(images(r -> r.launchTemplateId(web))).containsExactly("ami-1", "ami-2", "ami-3");
        assertThat(images(r -> r.launchTemplateName("web").versions("2"))).containsExactly("ami-2");
        assertThat(images(r -> r.launchTemplateId(web).versions("$Latest", "$Default")))
                .containsExactly("ami-1", "ami-3");
    }

    @Test
    void theDefaultVersionStaysUntilItIsChanged() {
        addVersion("ami-2");
        assertThat(images(r -> r.versions("$Default"))).containsExactly("ami-1");

        ec2.modifyLaunchTemplate(r -> r.launchTemplateId(web).defaultVersion("2"));

        assertThat(images(r -> r.versions("$Default"))).containsExactly("ami-2");
        assertThat(
                        ec2.describeLaunchTemplates()
                                .launchTemplates()
                                .getFirst()
                                .defaultVersionNumber())
                .isEqualTo(2);
    }

    @Test
    void versionsComeInPages() {
        IntStream.rangeClosed(2, 12).forEach(n -> addVersion("ami-" + n));

        assertThat(
                        ec2.describeLaunchTemplateVersionsPaginator(
                                        r -> r.launchTemplateId(web).maxResults(5))
                                .launchTemplateVersions())
                .extracting(LaunchTemplateVersion::versionNumber)
                .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L);
        assertThat(cloud.calls()).containsEntry("DescribeLaunchTemplateVersions", 3);
    }

    @Test
    void ofAllTemplatesOnlyLatestOrDefaultVersionsAreAskedFor() {
        assertThat(refusal(() -> images(r -> {}))).isEqualTo("MissingParameter");
        assertThat(refusal(() -> images(r -> r.versions("1")))).isEqualTo("MissingParameter");
    }

    @Test
    void whatIsNotThereIsNotFound() {
        assertThat(refusal(() -> images(r -> r.launchTemplateId("lt-0"))))
                .isEqualTo("InvalidLaunchTemplateId.NotFound");
        assertThat(refusal(() -> images(r -> r.launchTemplateName("none"))))
                .isEqualTo("InvalidLaunchTemplateName.NotFoundException");
        assertThat(refusal(() -> images(r -> r.launchTemplateId(web).versions("9"))))
                .isEqualTo("InvalidLaunchTemplateId.VersionNotFound");
    }

    @Test
    void aNameIsTakenOnce() {
        assertThat(refusal(() -> template("web", "ami-2")))
                .isEqualTo("InvalidLaunchTemplateName.AlreadyExistsException");
    }

    @Test
    void aDeletedTemplateUsesNoImage() {
        assertThat(references("ami-1", templates())).hasSize(1);

        ec2.deleteLaunchTemplate(r -> r.launchTemplateId(web));

        assertThat(references("ami-1", templates())).isEmpty();
    }

    @Test
    void referencesSeeTheNewestTenVersionsUnlessAskedForMore() {
        IntStream.rangeClosed(2, 11).forEach(n -> addVersion("ami-" + n));

        assertThat(references("ami-2", templates())).hasSize(1);
        assertThat(references("ami-1", templates())).isEmpty();
        assertThat(
                        references(
                                "ami-1",
                                templates(
                                        ResourceTypeOption.builder()
                                                .optionName(ImageReferenceOptionName.VERSION_DEPTH)
                                                .optionValues("11")
                                                .build())))
                .hasSize(1);
    }

    @Test
    void referencesAreAskedForTenImagesAtMostAndForAKind() {
        List<String> eleven = IntStream.range(0, 11).mapToObj(n -> "ami-" + n).toList();

        assertThat(
                        refusal(() ->
                                ec2.describeImageReferences(
                                        r -> r.imageIds(eleven).includeAllResourceTypes(true))))
                .isEqualTo("InvalidParameterValue");
        assertThat(refusal(() -> ec2.describeImageReferences(r -> r.imageIds("ami-1"))))
                .isEqualTo("MissingParameter");
    }

    private String template(String name, String image) {
        return ec2.createLaunchTemplate(
                        r -> r.launchTemplateName(name).launchTemplateData(d -> d.imageId(image)))
                .launchTemplate()
                .launchTemplateId();
    }

    private void addVersion(String image) {
        ec2.createLaunchTemplateVersion(
                r -> r.launchTemplateId(web).launchTemplateData(d -> d.imageId(image)));
    }

    private List<String> images(Consumer<DescribeLaunchTemplateVersionsRequest.Builder> which) {
        return ec2.describeLaunchTemplateVersions(which).launchTemplateVersions().stream()
                .map(version -> version.launchTemplateData().imageId())
                .toList();
    }

    private List<ImageReference> references(String image, ResourceTypeRequest kind) {
        return ec2.describeImageReferences(r -> r.imageIds(image).resourceTypes(kind))
                .imageReferences();
    }

    private static ResourceTypeRequest templates(ResourceTypeOption... options) {
        return ResourceTypeRequest.builder()
                .resourceType(ImageReferenceResourceType.EC2_LAUNCH_TEMPLATE)
                .resourceTypeOptions(options)
                .build();
    }

    private static String refusal(ThrowingCallable call) {
        Ec2Exception refused = catchThrowableOfType(Ec2Exception.class, call);
        assertThat(refused).as("the call was not refused").isNotNull();
        return refused.awsErrorDetails().errorCode();
    }
}
