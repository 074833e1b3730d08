"""The pages of custom fields, below `/accounts/<account>/settings/custom-fields/`."""

from django.urls import path

from connections.views import custom_fields

app_name = "custom_fields"

urlpatterns = [
    path("", custom_fields.custom_field_list, name="custom_field_list"),
    path("add/", custom_fields.custom_field_add, name="custom_field_add"),
    path("<uuid:field_id>/", custom_fields.custom_field_edit, name="custom_field_edit"),
    path("<uuid:field_id>/delete/", custom_fields.custom_field_delete, name="custom_field_delete"),
]
