package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateRequest;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateResponse;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateVersionRequest;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateVersionResponse;
import software.amazon.awssdk.services.ec2.model.DeleteLaunchTemplateRequest;
import software.amazon.awssdk.services.ec2.model.DeleteLaunchTemplateResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplatesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplatesResponse;
import software.amazon.awssdk.services.ec2.model.LaunchTemplate;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateVersion;
import software.amazon.awssdk.services.ec2.model.ModifyLaunchTemplateRequest;
import software.amazon.awssdk.services.ec2.model.ModifyLaunchTemplateResponse;
import software.amazon.awssdk.services.ec2.model.RequestLaunchTemplateData;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The launch templates of one Region with all their versions. */
final class SimulatedTemplates {
    private static final String LATEST = "$Latest";
    private static final String DEFAULT = "$Default";
    private static final Comparator<LaunchTemplateVersion> OLDEST_FIRST =
            Comparator.comparing(LaunchTemplateVersion::versionNumber);

    private static final Listing<Template> TEMPLATES =
            new Listing<>(
                    Template::id,
                    it -> it.template().tags(),
                    Map.of(
                            "launch-template-name",
                            it -> Stream.of(it.template().launchTemplateName()),
                            "create-time",
                            it -> Stream.of(Ec2Times.iso(it.template().createTime()))));

    private static final Listing<LaunchTemplateVersion> VERSIONS =
            new Listing<>(
                    it -> "%s %09d".formatted(it.launchTemplateId(), it.versionNumber()),
                    _ -> List.of(),
                    Map.of(
                            "image-id", it -> Stream.of(it.launchTemplateData().imageId()),
                            "is-default-version", it -> Stream.of("" + it.defaultVersion())));

    private final CloudCore core;
    private final SortedMap<String, Template> templates = new TreeMap<>();

    SimulatedTemplates(CloudCore core) {
        this.core = core;
    }

    /** A template and its versions, oldest first. */
    private record Template(LaunchTemplate template, List<LaunchTemplateVersion> versions) {
        Template {
            versions = List.copyOf(versions);
        }

        String id() {
            return template.launchTemplateId();
        }

        Template withDefault(long number) {
            return new Template(
                    template.toBuilder().defaultVersionNumber(number).build(),
                    versions.stream()
                            .map(version ->
                                    version.toBuilder()
                                            .defaultVersion(version.versionNumber() == number)
                                            .build())
                            .toList());
        }

        Template plus(LaunchTemplateVersion version) {
            List<LaunchTemplateVersion> more = new ArrayList<>(versions);
            more.add(version);
            return new Template(
                    template.toBuilder().latestVersionNumber(version.versionNumber()).build(),
                    more);
        }

        LaunchTemplateVersion version(String which) {
            return versions.stream()
                    .filter(version ->
                            switch (which) {
                                case LATEST -> version.equals(versions.getLast());
                                case DEFAULT -> version.defaultVersion();
                                default -> which.equals("" + version.versionNumber());
                            })
                    .findFirst()
                    .orElseThrow(() ->
                            Ec2Errors.wrong(
                                    "InvalidLaunchTemplateId.VersionNotFound",
                                    "Could not find launch template version " + which));
        }
    }

    CreateLaunchTemplateResponse create(CreateLaunchTemplateRequest request) {
        String name = request.launchTemplateName();
        if (byName(name).isPresent()) {
            throw Ec2Errors.wrong(
                    "InvalidLaunchTemplateName.AlreadyExistsException",
                    "Launch template name already in use.");
        }
        Map<String, String> tags = TagRules.of(request.tagSpecifications(), "launch-template");
        LaunchTemplate template =
                LaunchTemplate.builder()
                        .launchTemplateId(core.ids().next("lt"))
                        .launchTemplateName(name)
                        .createTime(core.timeline().instant())
                        .defaultVersionNumber(1L)
                        .latestVersionNumber(1L)
                        .tags(TagRules.list(tags))
                        .build();
        LaunchTemplateVersion first = version(template, 1, request.launchTemplateData());
        templates.put(template.launchTemplateId(), new Template(template, List.of(first)));
        return CreateLaunchTemplateResponse.builder().launchTemplate(template).build();
    }

    CreateLaunchTemplateVersionResponse addVersion(CreateLaunchTemplateVersionRequest request) {
        Template before = require(request.launchTemplateId(), request.launchTemplateName());
        long number = before.template().latestVersionNumber() + 1;
        LaunchTemplateVersion version =
                version(before.template(), number, request.launchTemplateData());
        templates.put(before.id(), before.plus(version));
        return CreateLaunchTemplateVersionResponse.builder().launchTemplateVersion(version).build();
    }

    ModifyLaunchTemplateResponse setDefault(ModifyLaunchTemplateRequest request) {
        Template before = require(request.launchTemplateId(), request.launchTemplateName());
        Template after =
                before.withDefault(before.version(request.defaultVersion()).versionNumber());
        templates.put(before.id(), after);
        return ModifyLaunchTemplateResponse.builder().launchTemplate(after.template()).build();
    }

    DeleteLaunchTemplateResponse delete(DeleteLaunchTemplateRequest request) {
        Template template = require(request.launchTemplateId(), request.launchTemplateName());
        templates.remove(template.id());
        return DeleteLaunchTemplateResponse.builder().launchTemplate(template.template()).build();
    }

    DescribeLaunchTemplatesResponse describe(DescribeLaunchTemplatesRequest request) {
        request.launchTemplateIds().forEach(id -> require(id, null));
        request.launchTemplateNames().forEach(name -> require(null, name));
        Stream<Template> wanted =
                templates.values().stream()
                        .filter(it -> Listing.isAmong(request.launchTemplateIds(), it.id()))
                        .filter(it ->
                                Listing.isAmong(
                                        request.launchTemplateNames(),
                                        it.template().launchTemplateName()));
        Listing.Page<Template> page =
                TEMPLATES.page(
                        wanted, request.filters(), request.maxResults(), request.nextToken());
        return DescribeLaunchTemplatesResponse.builder()
                .launchTemplates(page.items().stream().map(Template::template).toList())
                .nextToken(page.nextToken())
                .build();
    }

    /**
     * The versions of one template, or those that the request names; without a template, the latest
     * or default version of every template.
     */
    DescribeLaunchTemplateVersionsResponse describeVersions(
            DescribeLaunchTemplateVersionsRequest request) {
        boolean one = request.launchTemplateId() != null || request.launchTemplateName() != null;
        Stream<Template> wanted;
        if (one) {
            wanted = Stream.of(require(request.launchTemplateId(), request.launchTemplateName()));
        } else {
            if (request.versions().isEmpty()
                    || !List.of(LATEST, DEFAULT).containsAll(request.versions())) {
                throw Ec2Errors.wrong(
                        "MissingParameter",
                        "Without a launch template, give the versions $Latest or $Default.");
            }
            wanted = templates.values().stream();
        }
        Stream<LaunchTemplateVersion> versions =
                wanted.flatMap(template ->
                        request.versions().isEmpty()
                                ? template.versions().stream()
                                : request.versions().stream()
                                        .map(template::version)
                                        .distinct()
                                        .sorted(OLDEST_FIRST));
        Listing.Page<LaunchTemplateVersion> page =
                VERSIONS.page(
                        versions, request.filters(), request.maxResults(), request.nextToken());
        return DescribeLaunchTemplateVersionsResponse.builder()
                .launchTemplateVersions(page.items())
                .nextToken(page.nextToken())
                .build();
    }

    /** The ids of the templates whose newest versions, up to this many, name the image. */
    List<String> using(String image, int depth) {
        return templates.values().stream()
                .filter(it ->
                        it.versions().reversed().stream()
                                .limit(depth)
                                .anyMatch(v -> image.equals(v.launchTemplateData().imageId())))
                .map(Template::id)
                .toList();
    }

    private static LaunchTemplateVersion version(
            LaunchTemplate template, long number, RequestLaunchTemplateData asked) {
        return LaunchTemplateVersion.builder()
                .launchTemplateId(template.launchTemplateId())
                .launchTemplateName(template.launchTemplateName())
                .versionNumber(number)
                .defaultVersion(number == 1)
                .createTime(template.createTime())
                .launchTemplateData(held ->
                        held.imageId(asked.imageId())
                                .instanceType(asked.instanceTypeAsString())
                                .keyName(asked.keyName())
                                .userData(asked.userData())
                                .securityGroupIds(asked.securityGroupIds()))
                .build();
    }

    private Template require(@Nullable String id, @Nullable String name) {
        if (id != null) {
            Template template = templates.get(id);
            if (template == null) {
                throw Ec2Errors.wrong(
                        "InvalidLaunchTemplateId.NotFound",
                        "The specified launch template, with template ID "
                                + id
                                + ", does not"
                                + " exist.");
            }
            return template;
        }
        if (name == null) {
            throw Ec2Errors.wrong("MissingParameter", "Give a launch template id or name.");
        }
        return byName(name)
                .orElseThrow(() ->
                        Ec2Errors.wrong(
                                "InvalidLaunchTemplateName.NotFoundException",
                                "The specified launch template, with template name "
                                        + name
                                        + ", does not exist."));
    }

    private Optional<Template> byName(String name) {
        return templates.values().stream()
                .filter(it -> it.template().launchTemplateName().equals(name))
                .findFirst();
    }
}
